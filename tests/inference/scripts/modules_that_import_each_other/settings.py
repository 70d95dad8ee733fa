import engine


def width():
    return engine.Engine.width
