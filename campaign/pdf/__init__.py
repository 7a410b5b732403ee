"""Set documents as tagged PDF files: templates/pdf says how they look, a process of its own sets them."""
