# What a stack says of one function. The defaults stand once, in the root's `functions`; the limits here.

variable "settings" {
  description = "Settings of the function, each explained in README.md."
  type = object({
    memory_mb                   = number
    timeout_seconds             = number
    routes                      = list(string)
    lifecycle_events            = list(string)
    connection_actions          = list(string)
    environment                 = map(string)
    reserved_concurrency        = number
    log_level                   = string
    log_retention_days          = number
    batch_size                  = number
    batching_window_seconds     = number
    parallelization_factor      = number
    bisect_on_error             = bool
    maximum_retry_attempts      = number
    maximum_record_age_seconds  = number
    starting_position           = string
    starting_position_timestamp = optional(string)
    enabled                     = bool
  })

  validation {
    condition     = var.settings.memory_mb >= 128 && var.settings.memory_mb <= 10240 && floor(var.settings.memory_mb) == var.settings.memory_mb
    error_message = "memory_mb must be a whole number from 128 to 10,240."
  }

  validation {
    condition     = var.settings.timeout_seconds >= 1 && var.settings.timeout_seconds <= 900 && floor(var.settings.timeout_seconds) == var.settings.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 1 to 900."
  }

  validation {
    condition     = length(jsonencode({ data = { routeKey = var.settings.routes } })) <= 4096
    error_message = "routes are too many for one filter pattern, which has at most 4,096 characters: shorten their keys, or ask for fewer and let the function choose."
  }

  validation {
    condition     = alltrue([for event in var.settings.lifecycle_events : contains(["CONNECT", "DISCONNECT"], event)])
    error_message = "lifecycle_events takes CONNECT and DISCONNECT only."
  }

  validation {
    condition     = alltrue([for action in var.settings.connection_actions : contains(["POST", "GET", "DELETE"], action)])
    error_message = "connection_actions takes POST, GET and DELETE only."
  }

  validation {
    condition     = alltrue([for key in keys(var.settings.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", key)) && !startswith(key, "SLUICEGATE_") && !contains(local.reserved_environment, key) && !startswith(key, "AWS_LAMBDA_")])
    error_message = "each key of environment must be at least two letters, digits or underscores, begin with a letter, and be none that Lambda or this stack sets (AWS_LAMBDA_*, AWS_REGION, credentials, SLUICEGATE_*): choose another name."
  }

  validation {
    # What the stack itself sets takes under 1 KB of Lambda's 4 KB.
    condition     = length(jsonencode(var.settings.environment)) <= 3072
    error_message = "environment may take at most 3,072 characters as JSON: Lambda allows 4 KB in all."
  }

  validation {
    condition     = var.settings.reserved_concurrency >= -1 && floor(var.settings.reserved_concurrency) == var.settings.reserved_concurrency
    error_message = "reserved_concurrency must be a whole number: -1 reserves none, 0 stops the function."
  }

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.settings.log_level)
    error_message = "log_level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.settings.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }

  validation {
    condition     = var.settings.batch_size >= 1 && var.settings.batch_size <= 10000 && floor(var.settings.batch_size) == var.settings.batch_size
    error_message = "batch_size must be a whole number from 1 to 10,000."
  }

  validation {
    condition     = var.settings.batching_window_seconds >= 0 && var.settings.batching_window_seconds <= 300 && floor(var.settings.batching_window_seconds) == var.settings.batching_window_seconds
    error_message = "batching_window_seconds must be a whole number from 0 to 300."
  }

  validation {
    condition     = var.settings.parallelization_factor >= 1 && var.settings.parallelization_factor <= 10 && floor(var.settings.parallelization_factor) == var.settings.parallelization_factor
    error_message = "parallelization_factor must be a whole number from 1 to 10."
  }

  validation {
    condition     = var.settings.maximum_retry_attempts >= -1 && var.settings.maximum_retry_attempts <= 10000 && floor(var.settings.maximum_retry_attempts) == var.settings.maximum_retry_attempts
    error_message = "maximum_retry_attempts must be a whole number from 0 to 10,000, or -1 to retry until the record expires."
  }

  validation {
    condition     = var.settings.maximum_record_age_seconds == -1 || (var.settings.maximum_record_age_seconds >= 60 && var.settings.maximum_record_age_seconds <= 604800 && floor(var.settings.maximum_record_age_seconds) == var.settings.maximum_record_age_seconds)
    error_message = "maximum_record_age_seconds must be a whole number from 60 to 604,800, or -1 for no limit."
  }

  validation {
    condition     = contains(["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"], var.settings.starting_position)
    error_message = "starting_position must be TRIM_HORIZON, LATEST or AT_TIMESTAMP."
  }

  validation {
    condition     = (var.settings.starting_position == "AT_TIMESTAMP") == (var.settings.starting_position_timestamp != null)
    error_message = "starting_position = AT_TIMESTAMP and starting_position_timestamp go together: give both or neither."
  }

  validation {
    condition     = var.settings.starting_position_timestamp == null || can(timeadd(var.settings.starting_position_timestamp, "0s"))
    error_message = "starting_position_timestamp must be a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z."
  }
}

locals {
  # Names that Lambda sets and refuses to have set.
  reserved_environment = [
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
    "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
  ]
}
