# Alarms and a dashboard for one API, one stream and one function; nobody is notified.

module "observability" {
  source = "../.."

  name                       = "orders"
  api                        = { id = "a1b2c3d4e5", stage = "v1" }
  stream_name                = "orders-events"
  functions                  = { echo = { name = "orders-echo", dead_letter_queue_name = "orders-echo-dlq" } }
  iterator_age_alarm_seconds = 60
}
