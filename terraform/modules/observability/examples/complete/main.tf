# Two functions, a topic that is notified, a dashboard of another name, and tags.

module "observability" {
  source = "../.."

  name           = "orders"
  dashboard_name = "orders-eu-west-1"
  api            = { id = "a1b2c3d4e5", stage = "v1" }
  stream_name    = "orders-events"
  functions = {
    echo = { name = "orders-echo", dead_letter_queue_name = "orders-echo-dlq" }
    book = { name = "orders-book", dead_letter_queue_name = "orders-book-dlq" }
  }
  alarm_topic_arns           = ["arn:aws:sns:eu-west-1:123456789012:on-call"]
  iterator_age_alarm_seconds = 30
  tags                       = { team = "orders" }
}

output "observability" {
  value = module.observability
}
