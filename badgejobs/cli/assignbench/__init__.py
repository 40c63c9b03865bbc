"""The giving of badges measured: our stage beside the flow that comes to mind first."""
