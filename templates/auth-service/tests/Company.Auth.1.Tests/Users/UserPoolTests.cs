using System.Text.Json.Nodes;
using Company.Auth._1.Users;
using Microsoft.AspNetCore.Http;

namespace Company.Auth._1.Tests.Users;

/// <summary>What the user pool may answer to a request to delete an account.</summary>
public sealed class UserPoolTests
{
    [Theory]
    [InlineData(true, 200, "{}", null)]
    [InlineData(true, 400, """{"__type":"UserNotFoundException","message":"User does not exist."}""", null)]
    [InlineData(true, 400, """{"__type":"NotAuthorizedException","message":"Access Token has been revoked"}""", "sign_in_again")]
    [InlineData(false, 400, """{"__type":"NotAuthorizedException","message":"Could not verify signature for Access Token"}""", null)] // another issuer's user
    public async Task Does_not_take_an_account_for_deleted_that_the_pool_keeps(bool isOfThisPool, int status, string answer, string? code)
    {
        await using var server = await Loopback.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return http.Response.WriteAsync(answer);
        });
        using var pool = UserPool.Open(_ => server.Address.ToString());
        var issuer = isOfThisPool ? $"{server.Address}eu-west-1_pool" : "https://other.example.com/";
        var claims = TestIssuer.Encode(new JsonObject { ["iss"] = issuer }.ToJsonString());
        var request = new ApiRequest { Method = "DELETE", Path = "/me", Headers = new Dictionary<string, string> { ["Authorization"] = $"Bearer e30.{claims}.e30" } };

        var failure = await Record.ExceptionAsync(() => pool.DeleteUserAsync(request));

        Assert.Equal(code, (failure as ProblemException)?.Code);
        Assert.Equal(code is null, failure is null);
    }
}
