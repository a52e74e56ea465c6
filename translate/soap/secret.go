package soap

import "soapbridge/translate/secret"

// Secret is the type of secrets, under the name that messages use.
type Secret = secret.Secret
