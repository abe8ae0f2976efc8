// The headers that the page is served with. The policy is in the built page as well, for hosting that sets no headers.

/**
 * The Content-Security-Policy of the page.
 * @param {{ region: string, userPoolEndpoint?: string, identityPoolId?: string, apis: Record<string, string> }} configuration
 */
export const contentSecurityPolicy = ({ region, userPoolEndpoint, identityPoolId, apis }) => {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const pools = userPoolEndpoint ? [] : [`https://cognito-idp.${region}.${domain}`, ...(identityPoolId ? [`https://cognito-identity.${region}.${domain}`] : [])];
  const called = new Set([...pools, ...Object.values(apis).map((address) => new URL(address).origin)]);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${[...called].join(' ')}`,
    "base-uri 'none'",
    // The page sends its forms itself: a browser must not put a password into a URL, whatever the page does.
    "form-action 'none'",
  ].join('; ');
};

/** The headers of the page and its files. A browser takes frame-ancestors from a header only. */
export const securityHeaders = (configuration) => ({
  'Content-Security-Policy': `${contentSecurityPolicy(configuration)}; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
});
