"""From text to the small tree of `syntax/`, by way of libcst's, and where the nodes stand in the text."""
