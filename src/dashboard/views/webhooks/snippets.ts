/**
 * Code that verifies a signature, for receivers. A test runs the examples whose language is installed. Each example
 * compares in constant time, refuses a timestamp that differs from now by more than five minutes, and accepts a message
 * when one of its signatures is valid.
 */
export const SNIPPETS = {
  node: `import { createHmac, timingSafeEqual } from "node:crypto";

export function verify(secret, headers, rawBody) {
  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signatures } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= 300)) return false;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const expected = createHmac("sha256", key).update(\`\${id}.\${time}.\${rawBody}\`).digest();
  return signatures.split(" ").some((one) => {
    const given = Buffer.from(one.replace("v1,", ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
`,
  python: `import base64, hashlib, hmac, time

def verify(secret, headers, raw_body):  # raw_body is bytes
    id, at = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(at)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{id}.{at}.".encode() + raw_body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(signed).decode()
    return any(hmac.compare_digest(expected, one) for one in headers["webhook-signature"].split(" "))
`,
  go: `func verify(secret string, headers http.Header, rawBody []byte) bool {
	id, at := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || math.Abs(float64(time.Now().Unix()-seconds)) > 300 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, rawBody)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, one := range strings.Split(headers.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(expected), []byte(one)) {
			return true
		}
	}
	return false
}
`,
  ruby: `require "base64"
require "openssl"

def verify(secret, headers, raw_body)
  id, at = headers["webhook-id"], headers["webhook-timestamp"]
  return false if (Time.now.to_i - Integer(at)).abs > 300
  key = Base64.strict_decode64(secret.delete_prefix("whsec_"))
  signed = OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{at}.#{raw_body}")
  expected = "v1,#{Base64.strict_encode64(signed)}"
  headers["webhook-signature"].split(" ").any? do |one|
    one.bytesize == expected.bytesize && OpenSSL.fixed_length_secure_compare(expected, one)
  end
end
`,
} as const;
