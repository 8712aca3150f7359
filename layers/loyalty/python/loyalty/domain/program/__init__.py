"""The program document: what a manager decides, and what must hold before it is published."""
