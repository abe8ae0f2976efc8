using System.Text;
using System.Text.Json;
using Amazon.Lambda.APIGatewayEvents;

namespace Serverless.Tests.Http;

/// <summary>The events of an HTTP API, read and written token by token.</summary>
public sealed class HttpApiJsonTests
{
    private static readonly JsonSerializerOptions AnyCase = new() { PropertyNameCaseInsensitive = true };

    [Theory]
    [InlineData("""{"lambda":{"sub":"ada","groups":"a,b"}}""")]
    [InlineData("""{"jwt":{"claims":{"sub":"ada","exp":"1"},"scopes":["read","write"]}}""")]
    [InlineData("""{"iam":{"accessKey":"AK","accountId":"1","callerId":"c","cognitoIdentity":{"amr":["authenticated","x"],"identityId":"i","identityPoolId":"p"},"principalOrgId":"o","userArn":"arn","userId":"u"}}""")]
    [InlineData("null")]
    public void Reads_every_member_that_the_type_has(string authorizer)
    {
        var json = $$"""
            {"version":"2.0","routeKey":"GET /a/{id}","rawPath":"/a/1","rawQueryString":"q=1","cookies":["a=1","b=2"],"headers":{"accept":"*/*","x":"é\u0041"},
            "queryStringParameters":{"q":"1"},"requestContext":{"accountId":"123456789012","apiId":"api","authorizer":{{authorizer}},"domainName":"d","domainPrefix":"p",
            "http":{"method":"GET","path":"/a/1","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"curl"},"requestId":"r","routeId":"ri","routeKey":"GET /a/{id}","stage":"$default","time":"22/Nov/2026:12:00:00 +0000","timeEpoch":1795348800000},
            "body":"{\"a\":1}","pathParameters":{"id":"1"},"isBase64Encoded":true,"stageVariables":{"s":"v"},"more":{"nested":[1,{"a":null} ]} }
            """;

        Assert.Equal(Text(JsonSerializer.Deserialize<APIGatewayHttpApiV2ProxyRequest>(json, AnyCase)), Text(HttpApiJson.Read(Encoding.UTF8.GetBytes(json))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}{}")]
    [InlineData("""{"rawPath":"/a"} x""")]
    [InlineData("""{"rawPath":"/a" """)]
    [InlineData("""{"rawPath":5}""")]
    [InlineData("""{"headers":[]}""")]
    [InlineData("""{"cookies":{}}""")]
    [InlineData("""{"cookies":[5]}""")]
    [InlineData("""{"requestContext":"x"}""")]
    [InlineData("""{"requestContext":{"timeEpoch":"x"}}""")]
    public void Refuses_what_is_no_event(string json) => Assert.ThrowsAny<JsonException>(() => HttpApiJson.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Writes_what_is_set()
    {
        using var all = HttpApiJson.Write(new APIGatewayHttpApiV2ProxyResponse { StatusCode = 201, Headers = new Dictionary<string, string> { ["a"] = "b" }, Cookies = ["c=1"], Body = "{\"é\":1}", IsBase64Encoded = true });
        using var least = HttpApiJson.Write(new APIGatewayHttpApiV2ProxyResponse { StatusCode = 204 });

        Assert.Equal("""{"statusCode":201,"headers":{"a":"b"},"cookies":["c=1"],"body":"{\"é\":1}","isBase64Encoded":true}""", Encoding.UTF8.GetString(all.ToArray()));
        Assert.Equal("""{"statusCode":204,"isBase64Encoded":false}""", Encoding.UTF8.GetString(least.ToArray()));
    }

    private static string Text(APIGatewayHttpApiV2ProxyRequest? request) => JsonSerializer.Serialize(request);
}
