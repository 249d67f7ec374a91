"""The web UI: chat at the left, the evidence of the answer at the right. `ui.app.launch(source)` serves it."""
