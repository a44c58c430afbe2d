# The emulator with the relay beside echo. Read README.md first: the relay lets any client write to any other
# whose connection id it learns.
functions = {
  echo  = {}
  relay = { routes = ["relay"] }
}
