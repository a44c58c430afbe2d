# A function that sees every event, with the settings of the reference architecture. `stream` and `api` are what the
# modules stream and gateway give out.

variable "bundle" {
  description = "Folder with echo.zip."
  type        = string
}

module "function" {
  source = "../.."

  name                   = "orders-echo"
  dead_letter_queue_name = "orders-echo-dlq"
  bundle                 = var.bundle
  package                = "echo"
  architecture           = "x86_64"

  stream = { arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders-events" }
  api = {
    id                   = "a1b2c3d4e5"
    stage                = "v1"
    stage_execution_arn  = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1"
    connections_endpoint = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
  }

  settings = {
    memory_mb                  = 128
    timeout_seconds            = 30
    routes                     = []
    lifecycle_events           = []
    connection_actions         = ["POST"]
    environment                = {}
    reserved_concurrency       = -1
    log_level                  = "INFO"
    log_retention_days         = 14
    batch_size                 = 16
    batching_window_seconds    = 0
    parallelization_factor     = 1
    bisect_on_error            = true
    maximum_retry_attempts     = 10
    maximum_record_age_seconds = -1
    starting_position          = "LATEST"
    enabled                    = true
  }
}
