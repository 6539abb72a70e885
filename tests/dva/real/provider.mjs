// An OpenID-certified authorization server on loopback: `node provider.mjs CLIENT_ID REDIRECT_URI PKCE`.
// Writes its issuer once it listens.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [clientId, redirectUri, pkce] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: clientId,
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    }],
    pkce: { required: () => pkce === 'on' },
    issueRefreshToken: async () => true,
    features: { devInteractions: { enabled: true } },
    ttl: { AccessToken: 1 },
    cookies: { keys: ['only for a test'] },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
