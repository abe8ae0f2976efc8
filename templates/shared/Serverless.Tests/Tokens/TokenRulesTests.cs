using Serverless.Tokens;

namespace Serverless.Tests;

public sealed class TokenRulesTests
{
    private readonly Dictionary<string, string> settings = new()
    {
        ["TOKEN_ISSUERS"] = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc, https://acme.eu.auth0.com/ https://keys.acme.example/set",
        ["TOKEN_CLIENTS"] = "one, two",
        ["TOKEN_USE"] = "access",
    };

    [Fact]
    public void Reads_issuers_with_and_without_the_address_of_their_keys()
    {
        var rules = TokenRules.From(settings.GetValueOrDefault);

        Assert.Equal(
            [
                new TokenIssuer("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", new Uri("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc/.well-known/jwks.json")),
                new TokenIssuer("https://acme.eu.auth0.com", new Uri("https://keys.acme.example/set")),
            ],
            rules.Issuers);
        Assert.Equal(["one", "two"], rules.Clients);
        Assert.Empty(rules.Scopes);
    }

    [Theory]
    [InlineData("TOKEN_ISSUERS", null, "The setting TOKEN_ISSUERS is missing")]
    [InlineData("TOKEN_ISSUERS", " , ", "The setting TOKEN_ISSUERS is missing")]
    [InlineData("TOKEN_ISSUERS", "eu-west-1_abc", "The setting TOKEN_ISSUERS holds \"eu-west-1_abc\"")]
    [InlineData("TOKEN_ISSUERS", "http://issuer.example", "The setting TOKEN_ISSUERS holds \"http://issuer.example\"")]
    [InlineData("TOKEN_ISSUERS", "https://a.example https://b.example https://c.example", "The setting TOKEN_ISSUERS holds")]
    [InlineData("TOKEN_ISSUERS", "https://Issuer.example/a", "The setting TOKEN_ISSUERS holds \"https://Issuer.example/a\". Write the URL as tokens name it: https://issuer.example/a.")]
    [InlineData("TOKEN_ISSUERS", "https://issuer.example:443", "The setting TOKEN_ISSUERS holds \"https://issuer.example:443\". Write the URL as tokens name it: https://issuer.example.")]
    [InlineData("TOKEN_ISSUERS", "https://issuer.example/?a=b", "The setting TOKEN_ISSUERS holds \"https://issuer.example/?a=b\". Write the URL as tokens name it: https://issuer.example.")]
    [InlineData("TOKEN_CLIENTS", "", "The setting TOKEN_CLIENTS is missing")]
    [InlineData("TOKEN_USE", null, "The setting TOKEN_USE is missing. It must be access, id or any.")]
    [InlineData("TOKEN_USE", "refresh", "The setting TOKEN_USE is \"refresh\". It must be access, id or any.")]
    public void Says_what_is_given_and_what_is_expected(string setting, string? value, string sentence)
    {
        settings.Remove(setting);
        if (value is not null)
            settings[setting] = value;

        var exception = Assert.Throws<SettingException>(() => TokenRules.From(settings.GetValueOrDefault));

        Assert.StartsWith(sentence, exception.Message, StringComparison.Ordinal);
    }
}
