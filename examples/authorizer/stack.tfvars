# The emulator with a guard at its door. Read README.md first: real tokens do not belong into a file.
authorizer = {
  function         = "authorizer"
  identity_sources = ["route.request.querystring.token"]
  environment      = { TOKENS = "{\"let-me-in\":\"alice\"}" }
}
