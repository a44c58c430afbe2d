# What a stack says of one function. The defaults stand once, in the root's `functions`; the limits here.

variable "settings" {
  description = "Settings of the function, each explained in README.md."
  type = object({
    memory_mb          = number
    timeout_seconds    = number
    routes             = list(string)
    lifecycle_events   = list(string)
    connection_actions = list(string)
    environment        = map(string)
    secret_arns        = optional(map(string), {})
    policy_statements = optional(list(object({
      effect     = optional(string, "Allow")
      actions    = list(string)
      resources  = list(string)
      conditions = optional(map(map(list(string))), {})
    })), [])
    managed_policy_arns = optional(list(string), [])
    vpc = optional(object({
      subnet_ids         = list(string)
      security_group_ids = list(string)
    }))
    layers                      = optional(list(string), [])
    tracing                     = optional(bool, false)
    ephemeral_storage_mb        = optional(number, 512)
    reserved_concurrency        = number
    provisioned_concurrency     = optional(number, 0)
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
    condition     = alltrue([for key in concat(keys(var.settings.environment), keys(var.settings.secret_arns)) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", key)) && !startswith(key, "SLUICEGATE_") && !contains(local.reserved_environment, key) && !startswith(key, "AWS_LAMBDA_")])
    error_message = "each key of environment and secret_arns must be at least two letters, digits or underscores, begin with a letter, and be none that Lambda or this stack sets (AWS_LAMBDA_*, AWS_REGION, credentials, SLUICEGATE_*): choose another name."
  }

  validation {
    # What the stack itself sets takes under 1 KB of Lambda's 4 KB.
    condition     = length(jsonencode(merge(var.settings.environment, var.settings.secret_arns))) <= 3072
    error_message = "environment and secret_arns may take at most 3,072 characters as JSON: Lambda allows 4 KB in all."
  }

  validation {
    condition     = length(setintersection(keys(var.settings.environment), keys(var.settings.secret_arns))) == 0
    error_message = "environment and secret_arns have a key in common: a variable holds a value or a secret's ARN."
  }

  validation {
    condition     = alltrue([for arn in values(var.settings.secret_arns) : can(regex("^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+$", arn))])
    error_message = "each of secret_arns must be the ARN of a secret of Secrets Manager or a parameter of Systems Manager, never the value itself."
  }

  validation {
    condition = alltrue([for statement in var.settings.policy_statements :
      contains(["Allow", "Deny"], statement.effect) && length(statement.actions) > 0 && length(statement.resources) > 0 &&
      alltrue([for action in statement.actions : can(regex("^([a-z0-9-]+:[A-Za-z0-9*?]+|\\*)$", action))]) &&
      alltrue([for resource in statement.resources : can(regex("^(arn:.+|\\*)$", resource))])
    ])
    error_message = "each of policy_statements needs the effect Allow or Deny, at least one action (service:Action) and at least one resource (an ARN, or *)."
  }

  validation {
    condition     = length(var.settings.managed_policy_arns) <= 10 && alltrue([for arn in var.settings.managed_policy_arns : can(regex("^arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/.+$", arn))])
    error_message = "managed_policy_arns takes at most 10 ARNs of managed policies (arn:aws:iam::...:policy/...)."
  }

  validation {
    condition     = var.settings.vpc == null || try(length(var.settings.vpc.subnet_ids) > 0 && length(var.settings.vpc.security_group_ids) > 0 && alltrue([for id in var.settings.vpc.subnet_ids : startswith(id, "subnet-")]) && alltrue([for id in var.settings.vpc.security_group_ids : startswith(id, "sg-")]), false)
    error_message = "vpc needs at least one of subnet_ids (subnet-...) and at least one of security_group_ids (sg-...)."
  }

  validation {
    condition     = length(var.settings.layers) <= 5 && alltrue([for arn in var.settings.layers : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$", arn))])
    error_message = "layers takes at most 5 ARNs of layers' versions (arn:aws:lambda:...:layer:NAME:VERSION)."
  }

  validation {
    condition     = var.settings.ephemeral_storage_mb >= 512 && var.settings.ephemeral_storage_mb <= 10240 && floor(var.settings.ephemeral_storage_mb) == var.settings.ephemeral_storage_mb
    error_message = "ephemeral_storage_mb must be a whole number from 512 to 10,240."
  }

  validation {
    condition     = var.settings.reserved_concurrency >= -1 && floor(var.settings.reserved_concurrency) == var.settings.reserved_concurrency
    error_message = "reserved_concurrency must be a whole number: -1 reserves none, 0 stops the function."
  }

  validation {
    condition     = var.settings.provisioned_concurrency >= 0 && floor(var.settings.provisioned_concurrency) == var.settings.provisioned_concurrency && (var.settings.reserved_concurrency < 0 || var.settings.provisioned_concurrency <= var.settings.reserved_concurrency)
    error_message = "provisioned_concurrency must be a whole number, 0 for none, and at most reserved_concurrency where that is set."
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
