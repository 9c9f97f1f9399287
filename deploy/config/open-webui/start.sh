#!/bin/bash
# Reads the secrets that Open WebUI takes from its environment only, then starts
# it as its image does.
set -eu

secret() {
	cat "/run/secrets/$1"
}

WEBUI_SECRET_KEY=$(secret open_webui_secret_key)
WEBUI_ADMIN_PASSWORD=$(secret open_webui_admin_password)
QDRANT_API_KEY=$(secret qdrant_api_key)
REDIS_URL=redis://open-webui:$(secret redis_open_webui_password)@redis:6379/0
WEBSOCKET_REDIS_URL=redis://open-webui:$(secret redis_open_webui_password)@redis:6379/1
export WEBUI_SECRET_KEY WEBUI_ADMIN_PASSWORD QDRANT_API_KEY REDIS_URL WEBSOCKET_REDIS_URL

# With these Open WebUI shows the button; without them it does not.
if [ "$AIKIT_SSO" = true ]; then
	export OPENID_PROVIDER_URL=$AIKIT_OPENID
	export OAUTH_PROVIDER_NAME=Keycloak OAUTH_CLIENT_ID=open-webui
	export OAUTH_SCOPES='openid profile email'
	export ENABLE_OAUTH_SIGNUP=true ENABLE_OAUTH_ROLE_MANAGEMENT=true
	export OAUTH_ROLES_CLAIM=resource_access.open-webui.roles
	export OAUTH_ALLOWED_ROLES=openwebui-user,openwebui-admin
	export OAUTH_ADMIN_ROLES=openwebui-admin
	OAUTH_CLIENT_SECRET=$(secret open_webui_oauth_client_secret)
	export OAUTH_CLIENT_SECRET
fi
unset AIKIT_SSO AIKIT_OPENID

cd /app/backend
exec bash start.sh
