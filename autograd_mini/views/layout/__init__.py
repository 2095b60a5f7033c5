"""The layout of a picture: layers, crossings, coordinates, routes."""
