# The function's role, statement by statement.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name                   = "sluicegate-echo"
  dead_letter_queue_name = "sluicegate-echo-dlq"
  bundle                 = "../../tests/fixtures/functions"
  package                = "echo"
  architecture           = "x86_64"
  stream = {
    arn              = "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
    customer_key_arn = null
  }
  api = {
    id                   = "a1b2c3d4e5"
    stage                = "v1"
    stage_execution_arn  = "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1"
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

run "may_do_what_the_flow_needs_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "ReadStream"
          Effect   = "Allow"
          Action   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
          Resource = ["arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"]
        },
        {
          Sid      = "SubscribeToShard"
          Effect   = "Allow"
          Action   = ["kinesis:SubscribeToShard"]
          Resource = ["arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events/consumer/sluicegate-echo:1767225600"]
        },
        {
          Sid      = "SendFault"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = ["arn:aws:sqs:eu-west-1:000000000000:sluicegate-echo-dlq"]
        },
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["arn:aws:logs:eu-west-1:000000000000:log-group:sluicegate:*"]
        },
        {
          Sid      = "ManageConnections"
          Effect   = "Allow"
          Action   = ["execute-api:ManageConnections"]
          Resource = ["arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1/POST/@connections/*"]
        },
      ]
    }
    error_message = "the policy must be exactly this"
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy) == {
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
    }
    error_message = "only Lambda may assume the role"
  }
}

run "names_no_wildcard_but_streams_of_its_logs_and_connections_of_its_stage" {
  command = plan

  variables {
    settings = merge(var.settings, { connection_actions = ["POST", "GET", "DELETE"] })
    stream   = { arn = var.stream.arn, customer_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd" }
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : [
        for resource in statement.Resource : can(regex("^arn:[^*]+$", resource)) || contains(["WriteLogs", "ManageConnections"], statement.Sid) && can(regex("^arn:[^*]+(:|@connections/)\\*$", resource))
      ]
    ]))
    error_message = "a resource must be named in full wherever AWS allows it"
  }

  assert {
    condition     = alltrue(flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : [for action in statement.Action : !strcontains(action, "*")]]))
    error_message = "every action must be named in full"
  }
}

run "may_look_up_and_close_connections_where_asked" {
  command = plan

  variables {
    settings = merge(var.settings, { connection_actions = ["POST", "GET", "DELETE"] })
  }

  assert {
    condition = one([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "ManageConnections"]) == [
      "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1/POST/@connections/*",
      "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1/GET/@connections/*",
      "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/v1/DELETE/@connections/*",
    ]
    error_message = "the role must allow each connection action that is asked for"
  }
}

run "may_not_answer_where_no_action_is_asked_for" {
  command = plan

  variables {
    settings = merge(var.settings, { connection_actions = [] })
  }

  assert {
    condition     = !contains([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid], "ManageConnections")
    error_message = "a function that never answers needs no connections"
  }
}

run "may_decrypt_with_the_customer_key_of_the_stream" {
  command = plan

  variables {
    stream = { arn = var.stream.arn, customer_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd" }
  }

  assert {
    condition = one([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement if statement.Sid == "DecryptRecord"]) == {
      Sid      = "DecryptRecord"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = ["arn:aws:kms:eu-west-1:000000000000:key/1234abcd"]
    }
    error_message = "the function must be able to decrypt the stream's records"
  }
}

run "may_use_the_customer_key_of_the_queue_and_none_of_the_logs" {
  command = plan

  variables {
    queue_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/queues"
    logs_key_arn  = "arn:aws:kms:eu-west-1:000000000000:key/logs"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement if anytrue([for action in statement.Action : startswith(action, "kms:")])] == [{
      Sid      = "EncryptFault"
      Effect   = "Allow"
      Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource = ["arn:aws:kms:eu-west-1:000000000000:key/queues"]
    }]
    error_message = "the function must be able to send to the encrypted queue; CloudWatch Logs uses the logs' key itself"
  }
}

run "may_read_exactly_its_secrets_whose_values_it_does_not_get" {
  command = plan

  variables {
    settings = merge(var.settings, { secret_arns = {
      PASSWORD = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:password-AbCdEf"
      SETTINGS = "arn:aws:ssm:eu-west-1:000000000000:parameter/echo/settings"
    } })
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement if startswith(statement.Sid, "Read") && statement.Sid != "ReadStream"] == [
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = ["arn:aws:secretsmanager:eu-west-1:000000000000:secret:password-AbCdEf"]
      },
      {
        Sid      = "ReadParameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter", "ssm:GetParameters"]
        Resource = ["arn:aws:ssm:eu-west-1:000000000000:parameter/echo/settings"]
      },
    ]
    error_message = "the function must be able to read its secrets and no others"
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables["PASSWORD"] == "arn:aws:secretsmanager:eu-west-1:000000000000:secret:password-AbCdEf"
    error_message = "a secret's variable must hold its ARN"
  }
}

run "may_trace_and_make_network_interfaces_where_asked" {
  command = plan

  variables {
    settings = merge(var.settings, { tracing = true, vpc = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] } })
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => statement.Action if statement.Resource == ["*"] } == {
      WriteTraces             = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      ManageNetworkInterfaces = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
    }
    error_message = "the role must have what X-Ray and a VPC need"
  }

  assert {
    condition = (
      aws_lambda_function.this.tracing_config[0].mode == "Active" &&
      aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"]) &&
      aws_lambda_function.this.vpc_config[0].security_group_ids == toset(["sg-1"])
    )
    error_message = "the function must be traced, and in the VPC"
  }
}

run "may_do_what_the_caller_grants_beside_the_flow" {
  command = plan

  variables {
    settings = merge(var.settings, {
      policy_statements = [
        { actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:eu-west-1:000000000000:table/users"] },
        { effect = "Deny", actions = ["*"], resources = ["*"], conditions = { Bool = { "aws:SecureTransport" = ["false"] } } },
      ]
      managed_policy_arns  = ["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]
      layers               = ["arn:aws:lambda:eu-west-1:000000000000:layer:tools:3"]
      ephemeral_storage_mb = 1024
    })
    iam = { path = "/teams/chat/", permissions_boundary = "arn:aws:iam::000000000000:policy/bounds" }
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.own[0].policy) == {
      Version = "2012-10-17"
      Statement = [
        { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = ["arn:aws:dynamodb:eu-west-1:000000000000:table/users"] },
        { Effect = "Deny", Action = ["*"], Resource = ["*"], Condition = { Bool = { "aws:SecureTransport" = ["false"] } } },
      ]
    }
    error_message = "the statements must stand in a policy of their own, as given"
  }

  assert {
    condition     = keys(aws_iam_role_policy_attachment.own) == ["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]
    error_message = "the managed policies must be attached"
  }

  assert {
    condition     = aws_iam_role.this.path == "/teams/chat/" && aws_iam_role.this.permissions_boundary == "arn:aws:iam::000000000000:policy/bounds"
    error_message = "the role must have path and boundary"
  }

  assert {
    condition     = aws_lambda_function.this.layers == tolist(["arn:aws:lambda:eu-west-1:000000000000:layer:tools:3"]) && aws_lambda_function.this.ephemeral_storage[0].size == 1024
    error_message = "the function must have its layers and its storage"
  }
}
