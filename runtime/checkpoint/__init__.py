"""Checkpoints: everything that training needs to go on, in one folder that is there as a whole or not at all.

Read in this order: `staging` (folders), `storage` (files), `weights` (models), `layout` (which file holds what),
`saving`, `loading`.
"""
