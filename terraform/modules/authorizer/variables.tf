variable "name" {
  description = "Name of the function; its role and log group are named after it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,55}$", var.name))
    error_message = "name of the authorizer must be 1 to 55 letters, digits, hyphens or underscores: the role named after it ends at 64 characters."
  }
}

variable "bundle" {
  description = "Folder that holds the zips of the functions."
  type        = string
}

variable "architecture" {
  description = "CPU architecture that the zip was built for, `x86_64` or `arm64`."
  type        = string
}

variable "settings" {
  description = "Settings of the authorizer, each explained in README.md."
  type = object({
    function           = string
    token_from         = optional(string, "query")
    identity_sources   = optional(list(string))
    memory_mb          = number
    timeout_seconds    = number
    environment        = map(string)
    log_level          = string
    log_retention_days = number
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,27}$", var.settings.function))
    error_message = "authorizer.function must be 1 to 28 lowercase letters, digits, hyphens or underscores and begin with a letter: it names a crate and a zip."
  }

  validation {
    condition     = contains(["query", "header", "subprotocol"], var.settings.token_from)
    error_message = "authorizer.token_from must be query, header or subprotocol."
  }

  validation {
    condition     = var.settings.identity_sources == null || var.settings.token_from == "query"
    error_message = "authorizer.identity_sources is for an authorizer that reads no token: leave token_from out, which names the one place of a token."
  }

  validation {
    condition     = var.settings.memory_mb >= 128 && var.settings.memory_mb <= 10240 && floor(var.settings.memory_mb) == var.settings.memory_mb
    error_message = "authorizer.memory_mb must be a whole number from 128 to 10,240."
  }

  validation {
    condition     = var.settings.timeout_seconds >= 1 && var.settings.timeout_seconds <= 29 && floor(var.settings.timeout_seconds) == var.settings.timeout_seconds
    error_message = "authorizer.timeout_seconds must be a whole number from 1 to 29: a client waits for it."
  }

  validation {
    condition     = alltrue([for key in keys(var.settings.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", key)) && !startswith(key, "AWS_")])
    error_message = "each key of authorizer.environment must be at least two letters, digits or underscores, begin with a letter, and not with AWS_, which Lambda sets."
  }

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.settings.log_level)
    error_message = "authorizer.log_level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.settings.log_retention_days)
    error_message = "authorizer.log_retention_days must be one of CloudWatch's: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "logs_key_arn" {
  description = "ARN of the customer key that encrypts the log group; null for CloudWatch's own."
  type        = string
  default     = null
}

variable "iam" {
  description = "`path` of each role, and the ARN of the policy that is its `permissions_boundary`, or null."
  type = object({
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  default = {}
}

variable "role_name" {
  description = "Name of the role, unique in the account. Null: `{name}-function`."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name must be 1 to 64 letters, digits or any of + = , . @ _ -."
  }
}

variable "tags" {
  description = "Tags of every resource that can carry them, beside the provider's default tags."
  type        = map(string)
  default     = {}
}
