"""The module that draws the page in the browser, from documents and bytes."""
