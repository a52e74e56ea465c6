// Keeps API keys off the screen, which others may see, share or photograph: not in the inputs of the Authorize dialog, and not in the curl
// command that Swagger UI shows and copies after Execute.

const credential = /^(authorization|x-api-key)$/i;
const inputs = new Set(["auth-bearer-value", "api_key_value"]);

// hiddenCredentials is a plugin of Swagger UI.
export function hiddenCredentials({ React }) {
  const curl = (Original) =>
    function Curl(props) {
      const request = props.request.update("headers", (headers) => headers?.map((value, name) => (credential.test(name) ? "***" : value)));
      return React.createElement(Original, { ...props, request });
    };
  const Input = (Original) =>
    function Input(props) {
      return React.createElement(Original, inputs.has(props.id) ? { ...props, type: "password", autoComplete: "off" } : props);
    };
  return { wrapComponents: { curl, Input } };
}
