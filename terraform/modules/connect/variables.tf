variable "name" {
  description = "Name of the function; its role and log group are named after it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,55}$", var.name))
    error_message = "name of the connect function must be 1 to 55 letters, digits, hyphens or underscores: the role named after it ends at 64 characters."
  }
}

variable "bundle" {
  description = "Folder that holds `connect.zip`."
  type        = string
}

variable "architecture" {
  description = "CPU architecture that the zip was built for, `x86_64` or `arm64`."
  type        = string
}

variable "stream" {
  description = "The stream that CONNECT events go to: its `name`, its `arn`, and the `customer_key_arn` that encrypts it, or null. Null: they go nowhere."
  type = object({
    name             = string
    arn              = string
    customer_key_arn = optional(string)
  })
  default = null
}

variable "log_level" {
  description = "Level of the function's log: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`."
  type        = string
  default     = "INFO"
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the function's log."
  type        = number
  default     = 14
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
