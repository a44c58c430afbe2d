# The emulator with a guard at its door. Read README.md first: real tokens do not belong into a file.
authorizer = {
  function    = "authorizer"
  environment = { TOKENS = "{\"let-me-in\":\"alice\"}" }
}
