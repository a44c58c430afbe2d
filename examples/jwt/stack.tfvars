# Clients connect with a JSON Web Token of this issuer, in the list of subprotocols. README.md has the settings.
authorizer = {
  function   = "jwt-authorizer"
  token_from = "subprotocol"
  environment = {
    ISSUER   = "https://id.example.com"
    AUDIENCE = "chat"
  }
}
