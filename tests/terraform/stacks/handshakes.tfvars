# Tokens in the subprotocol, where a function asks for CONNECT events and the stream has a customer key.
name = "handshakes"

stream = {
  kms_key_arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
}

authorizer = {
  function           = "jwt-authorizer"
  token_from         = "subprotocol"
  log_level          = "DEBUG"
  log_retention_days = 7
  environment        = { ISSUER = "https://id.example.com", AUDIENCE = "chat" }
}

functions = {
  relay = { lifecycle_events = ["CONNECT"] }
}
