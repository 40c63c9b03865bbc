"""The endpoints of Wix that the sandbox has: each module a subject, each function a call."""
