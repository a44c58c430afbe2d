# The function's role: one statement for each hop that it serves, each on the one thing it concerns.

locals {
  secret_arns    = [for arn in values(var.settings.secret_arns) : arn if strcontains(arn, ":secretsmanager:")]
  parameter_arns = [for arn in values(var.settings.secret_arns) : arn if strcontains(arn, ":ssm:")]

  statements = concat(
    [
      {
        Sid    = "ReadStream"
        Effect = "Allow"
        # Without ListStreams, which can only be granted on every stream and which the mapping does not use.
        Action = [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = [var.stream.arn]
      },
      {
        Sid      = "SubscribeToShard"
        Effect   = "Allow"
        Action   = ["kinesis:SubscribeToShard"]
        Resource = [aws_kinesis_stream_consumer.this.arn]
      },
      {
        Sid      = "SendFault"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.dead_letter_queue_arn]
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] # the group's streams; their names are Lambda's
      },
    ],
    length(var.settings.connection_actions) == 0 ? [] : [{
      Sid      = "ManageConnections"
      Effect   = "Allow"
      Action   = ["execute-api:ManageConnections"]
      Resource = [for action in var.settings.connection_actions : "${var.api.stage_execution_arn}/${action}/@connections/*"]
    }],
    length(var.settings.secret_arns) == 0 ? [] : [for statement in [
      { Sid = "ReadSecrets", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = local.secret_arns },
      { Sid = "ReadParameters", Effect = "Allow", Action = ["ssm:GetParameter", "ssm:GetParameters"], Resource = local.parameter_arns },
    ] : statement if length(statement.Resource) > 0],
    !var.settings.tracing ? [] : [{
      Sid      = "WriteTraces"
      Effect   = "Allow"
      Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      Resource = ["*"] # X-Ray knows no resources for these
    }],
    var.settings.vpc == null ? [] : [{
      Sid    = "ManageNetworkInterfaces"
      Effect = "Allow"
      Action = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ]
      Resource = ["*"] # Lambda makes the interfaces, and names them
    }],
    [for key in compact([var.stream.customer_key_arn]) : {
      Sid      = "DecryptRecord"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [key]
    }],
    [for key in compact([var.queue_key_arn]) : {
      Sid      = "EncryptFault"
      Effect   = "Allow"
      Action   = ["kms:GenerateDataKey", "kms:Decrypt"] # SQS verifies the data key it gets
      Resource = [key]
    }],
  )
}

resource "aws_iam_role" "this" {
  name                 = coalesce(var.role_name, "${var.name}-function")
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary
  description          = "The function ${var.name} reads its stream and answers its clients."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  # Under a new name, the function must have the new role before the old one goes.
  lifecycle {
    create_before_destroy = true
  }

  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "flow"
  role   = aws_iam_role.this.id # with the name, a new role of the same name would keep none
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

# What the caller grants beyond the flow stands apart from it.
resource "aws_iam_role_policy" "own" {
  count = length(var.settings.policy_statements) == 0 ? 0 : 1

  name = "own"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in var.settings.policy_statements : merge(
      { Effect = statement.effect, Action = statement.actions, Resource = statement.resources },
      { for element, conditions in { Condition = statement.conditions } : element => conditions if length(conditions) > 0 },
    )]
  })
}

resource "aws_iam_role_policy_attachment" "own" {
  for_each = toset(var.settings.managed_policy_arns)

  role       = aws_iam_role.this.id
  policy_arn = each.value
}
