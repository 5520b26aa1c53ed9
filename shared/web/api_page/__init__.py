"""The API as a page to read: made on the server from the OpenAPI document, with nothing from another host."""
