from .body import Body
