# Four functions of app.py, from one package.

locals {
  functions = {
    api_handler = { handler = "app.app", layers = ["models"], policy = "api", disk = 512 }
    on_uploads  = { handler = "app.on_uploads", layers = ["models"], policy = "uploads", disk = 512 }
    # A stored video, which may have 10 GB, is fetched before it is looked at.
    on_job = { handler = "app.on_job", layers = ["models", "video"], policy = "jobs", disk = 10240 }
    # Erases, and looks at nothing.
    on_clock = { handler = "app.on_clock", layers = [], policy = "clock", disk = 512 }
  }
  runtime      = "python${split("-", var.target)[0]}"
  architecture = split("-", var.target)[1]
  environment = {
    LOOKALIKE_TABLE_PREFIX  = local.name
    LOOKALIKE_ACCOUNT       = local.account
    LOOKALIKE_UPLOADS       = aws_s3_bucket.uploads.bucket
    LOOKALIKE_BUCKET        = aws_s3_bucket.results.bucket
    LOOKALIKE_QUEUE         = aws_sqs_queue.jobs.name
    LOOKALIKE_UPLOADS_QUEUE = aws_sqs_queue.uploads.name
    LOOKALIKE_KMS_KEY       = aws_kms_key.data.arn
    LOOKALIKE_AUTH          = var.auth
    ORT_DISABLE_TELEMETRY   = "1"
  }
}

resource "aws_lambda_layer_version" "layer" {
  for_each                 = toset(["models", "video"])
  layer_name               = "${local.name}-${each.key}"
  s3_bucket                = aws_s3_object.part[each.key].bucket
  s3_key                   = aws_s3_object.part[each.key].key
  source_code_hash         = filebase64sha256(local.parts[each.key])
  compatible_runtimes      = [local.runtime]
  compatible_architectures = [local.architecture]
}

resource "aws_lambda_function" "function" {
  for_each         = local.functions
  function_name    = "${local.name}-${each.key}"
  role             = aws_iam_role.function[each.key].arn
  handler          = each.value.handler
  runtime          = local.runtime
  architectures    = [local.architecture]
  s3_bucket        = aws_s3_object.part["function"].bucket
  s3_key           = aws_s3_object.part["function"].key
  source_code_hash = filebase64sha256(local.parts["function"])
  layers           = [for layer in each.value.layers : aws_lambda_layer_version.layer[layer].arn]

  memory_size                    = local.stage.lambda_functions[each.key].lambda_memory_size
  timeout                        = local.stage.lambda_functions[each.key].lambda_timeout
  reserved_concurrent_executions = try(local.stage.lambda_functions[each.key].reserved_concurrency, -1)

  ephemeral_storage {
    size = each.value.disk
  }

  environment {
    variables = merge(local.environment, {
      # Bytes of vectors: a third of what models and libraries leave, since a table grows by being copied.
      LOOKALIKE_SEARCH_MEMORY = floor((local.stage.lambda_functions[each.key].lambda_memory_size - 1000) * 1024 * 1024 / 3)
      LOOKALIKE_SEARCH_LIMIT  = floor((local.stage.lambda_functions[each.key].lambda_memory_size - 1000) * 1024 * 1024 / 3)
    })
  }

  # The log group has the name that Lambda would give it: made before, it is sealed and ends some day.
  depends_on = [aws_iam_role_policy.function, aws_cloudwatch_log_group.function]
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${local.name}-${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_iam_role" "function" {
  for_each           = local.functions
  name               = "${local.name}-${each.key}"
  assume_role_policy = file("${path.module}/../policies/trust.json")
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions
  name     = each.value.policy
  role     = aws_iam_role.function[each.key].id
  policy = templatefile("${path.module}/../policies/${each.value.policy}.json", {
    account       = local.account
    region        = var.region
    name          = local.name
    log_group     = aws_cloudwatch_log_group.function[each.key].arn
    key           = aws_kms_key.data.arn
    uploads       = aws_s3_bucket.uploads.arn
    results       = aws_s3_bucket.results.arn
    jobs          = aws_sqs_queue.jobs.arn
    uploads_queue = aws_sqs_queue.uploads.arn
    image_buckets = [for bucket in var.image_buckets : "arn:aws:s3:::${bucket}"]
  })
}
