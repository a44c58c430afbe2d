# Handshakes are signed.
name          = "signed"
authorization = "AWS_IAM"
