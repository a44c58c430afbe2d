# A stream that AWS scales, encrypted with the key that AWS manages.
stream = {
  mode        = "ON_DEMAND"
  kms_key_arn = "alias/aws/kinesis"
}
