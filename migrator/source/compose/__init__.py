"""How edits of whole statements become edits of text: what they mean for the blocks around, and the new lines."""
