"""The words that describe the API: operations, fields, objects and answers in Chinese and English.

Descriptions stand here and not in the schemas, so that one field is described once, and the same in every service.
"""
