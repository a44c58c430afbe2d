# A function with routes of its own, customer keys, a role of another name and tags.

variable "bundle" {
  description = "Folder with echo.zip."
  type        = string
}

module "function" {
  source = "../.."

  name                   = "orders-echo"
  role_name              = "orders-echo-euw1"
  dead_letter_queue_name = "orders-echo-dlq"
  bundle                 = var.bundle
  package                = "echo"
  architecture           = "x86_64"
  queue_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/22222222-3333-4444-5555-666666666666"
  logs_key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777"
  tags                   = { team = "orders" }

  stream = {
    arn              = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders-events"
    customer_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  api = {
    id                   = "a1b2c3d4e5"
    stage                = "v1"
    stage_execution_arn  = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1"
    connections_endpoint = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
  }

  settings = {
    memory_mb                   = 512
    timeout_seconds             = 60
    routes                      = ["order", "cancel"]
    lifecycle_events            = ["CONNECT", "DISCONNECT"]
    connection_actions          = ["POST", "GET", "DELETE"]
    environment                 = { GREETING = "hello" }
    reserved_concurrency        = 20
    log_level                   = "WARN"
    log_retention_days          = 30
    batch_size                  = 100
    batching_window_seconds     = 1
    parallelization_factor      = 4
    bisect_on_error             = false
    maximum_retry_attempts      = 3
    maximum_record_age_seconds  = 3600
    starting_position           = "AT_TIMESTAMP"
    starting_position_timestamp = "2026-01-31T12:00:00Z"
    enabled                     = true
  }
}

output "function" {
  value = module.function
}
