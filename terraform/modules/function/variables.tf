variable "name" {
  description = "Name of the function and of its consumer; its role and log group are named after it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,55}$", var.name))
    error_message = "name of the function must be 1 to 55 letters, digits, hyphens or underscores: the role named after it ends at 64 characters."
  }
}

variable "dead_letter_queue_name" {
  description = "Name of the queue of records that the function gives up on, at most 80 characters."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.dead_letter_queue_name))
    error_message = "dead_letter_queue_name must be 1 to 80 letters, digits, hyphens or underscores."
  }
}

variable "bundle" {
  description = "Folder that holds the zips of the functions."
  type        = string
}

variable "package" {
  description = "Name of the function's zip in `bundle`, without `.zip`."
  type        = string
}

variable "architecture" {
  description = "CPU architecture that the zip was built for, `x86_64` or `arm64`."
  type        = string

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "stream" {
  description = "The stream to read: its `arn`, and the `customer_key_arn` that encrypts it, or null."
  type = object({
    arn              = string
    customer_key_arn = optional(string)
  })
}

variable "api" {
  description = "The API to answer through, as the gateway module's outputs name it."
  type = object({
    id                   = string
    stage                = string
    stage_execution_arn  = string
    connections_endpoint = string
  })
}

variable "queue_key_arn" {
  description = "ARN of the customer key that encrypts the dead-letter queue; null for SQS's own."
  type        = string
  default     = null
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

variable "mapping_metrics" {
  description = "Whether the event source mapping publishes its metrics (`EventCount`), which AWS bills as custom metrics."
  type        = bool
  default     = false
}

variable "pinned_version" {
  description = "Number of the published version that stays at work; null for the newest."
  type        = string
  default     = null
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
