using System.Text;
using System.Text.Json;
using Company.Auth._1.Functions;
using Serverless;

namespace Company.Auth._1.Tests.Functions;

public class HelloTests
{
    [Theory]
    [InlineData("5e3c0a7c-0000-4000-8000-000000000001")]
    [InlineData("né <\"\\\u2028>")]
    public async Task Greets_as_the_contract_of_the_API_says(string sub)
    {
        var response = await Hello.Handle(new ApiRequest { Method = "GET", Path = "/hello", Caller = new Caller(sub) });

        Assert.Equal(JsonSerializer.Serialize(new Greeting("Hello", sub), ApiJson.Default.Greeting), Encoding.UTF8.GetString(response.Body.Span));
    }
}
