"""The staff API: a token for a name, a password and a code of the second factor."""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaign.api import authentication
from campaign.api.operation import ApiOperation
from messages.accounts import api_tokens
from messages.models import ApiToken


class WrongCredentials(exceptions.AuthenticationFailed):
    default_code = "wrong_credentials"
    default_detail = "The name, password or code is not correct."


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    code = serializers.CharField(
        max_length=40,
        required=False,
        help_text="Of the authenticator app, or a recovery code. Only a demo asks for none.",
    )
    name = serializers.CharField(
        max_length=60,
        default=api_tokens.DEFAULT_NAME,
        help_text="What the token is for. A new token of the same name ends the one before.",
    )
    scopes = serializers.MultipleChoiceField(
        choices=ApiToken.Scope.choices,
        required=False,
        help_text="`campaigns` and `results` to read, `steps` to take steps; all if you name none.",
    )


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text='Send it as "Authorization: Token <token>".')


class SignIn(APIView):
    """A new token for a name, a password and a code, shown once and taken for 90 days. By itself it reads."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        return "Token"  # with it, wrong credentials get 401, not 403

    @ApiOperation(
        tag="signing in",
        request_serializer=CredentialsSerializer,
        response_serializer=TokenSerializer,
        error_statuses=(400, 401, 413, 415, 429),
        public=True,
    )
    def post(self, request: Request) -> Response:
        credentials = CredentialsSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        fields = dict(credentials.validated_data)
        name, scopes = fields.pop("name"), fields.pop("scopes", ())
        user = authentication.verify_credentials(request._request, **fields)
        if user is None:
            raise WrongCredentials
        return Response({"token": api_tokens.create(user, name, scopes=scopes, today=timezone.localdate())})
