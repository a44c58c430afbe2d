variable "role_name" {
  description = "Name of the role. Null: `sluicegate-api-gateway-logs-{region}`."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name must be 1 to 64 letters, digits or any of + = , . @ _ -."
  }
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
}

variable "allowed_account_ids" {
  description = "AWS accounts that may be changed; in any other, nothing is planned. Empty: any."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "each of allowed_account_ids must be an account's 12 digits, as a string."
  }
}
