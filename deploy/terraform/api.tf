# The API: POST / is Rekognition's, whose signatures the handler checks, because API Gateway cannot know the service
# "rekognition". /media is ours: AWS_IAM, as any caller of API Gateway signs.

locals {
  private = length(var.vpc_endpoints) > 0
  methods = {
    rekognition = { resource = aws_api_gateway_rest_api.api.root_resource_id, method = "POST", authorization = "NONE" }
    media       = { resource = aws_api_gateway_resource.media.id, method = "GET", authorization = "AWS_IAM" }
    medium      = { resource = aws_api_gateway_resource.medium.id, method = "GET", authorization = "AWS_IAM" }
  }
}

resource "aws_api_gateway_rest_api" "api" {
  name = local.name
  endpoint_configuration {
    types            = [local.private ? "PRIVATE" : "REGIONAL"]
    vpc_endpoint_ids = local.private ? var.vpc_endpoints : null
  }
  policy = local.private ? templatefile("${path.module}/../policies/private.json", { endpoints = var.vpc_endpoints }) : null
}

resource "aws_api_gateway_resource" "media" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_rest_api.api.root_resource_id
  path_part   = "media"
}

resource "aws_api_gateway_resource" "medium" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_resource.media.id
  path_part   = "{key}"
}

resource "aws_api_gateway_method" "method" {
  for_each      = local.methods
  rest_api_id   = aws_api_gateway_rest_api.api.id
  resource_id   = each.value.resource
  http_method   = each.value.method
  authorization = each.value.authorization
}

resource "aws_api_gateway_integration" "function" {
  for_each                = local.methods
  rest_api_id             = aws_api_gateway_rest_api.api.id
  resource_id             = each.value.resource
  http_method             = aws_api_gateway_method.method[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.function["api_handler"].invoke_arn
}

resource "aws_api_gateway_deployment" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  triggers = {
    definition = filesha1("${path.module}/api.tf")
    policy     = aws_api_gateway_rest_api.api.policy
  }
  depends_on = [aws_api_gateway_integration.function]
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "api" {
  rest_api_id   = aws_api_gateway_rest_api.api.id
  deployment_id = aws_api_gateway_deployment.api.id
  stage_name    = local.stage.api_gateway_stage
}

resource "aws_lambda_permission" "api" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["api_handler"].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.api.execution_arn}/*/*"
}

resource "aws_lambda_function_url" "api" {
  count              = var.function_url ? 1 : 0
  function_name      = aws_lambda_function.function["api_handler"].function_name
  authorization_type = "NONE" # AWS_IAM would want the service "lambda" in the signature
}
