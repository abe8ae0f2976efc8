using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Serverless.Tests.Http;

/// <summary>Routes on Kestrel, over HTTP. Run alone: one of the tests reads what the process writes to standard error.</summary>
[CollectionDefinition(nameof(KestrelTests), DisableParallelization = true)]
[Collection(nameof(KestrelTests))]
public sealed class KestrelTests : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private readonly WebApplication app = Build();

    public async ValueTask InitializeAsync() => await app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    [Theory]
    [InlineData("/files/a", "a")]
    [InlineData("/files/a/b%2Fc/d%20e", "a/b/c/d e")]
    [InlineData("/files/", null)]
    [InlineData("/files", null)]
    [InlineData("/teams/1", "id 1")]
    [InlineData("/teams/1/2", null)]
    public async Task Reads_the_parameters_of_a_route_as_API_Gateway_does(string path, string? answer)
    {
        using var response = await http.GetAsync(new Uri(app.Urls.First() + path), TestContext.Current.CancellationToken);

        Assert.Equal(answer is not null, response.IsSuccessStatusCode);
        if (answer is not null)
            Assert.Equal($"\"{answer}\"", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Says_that_a_port_is_in_use_and_what_to_do()
    {
        var (original, said) = (Console.Error, new StringWriter());
        Console.SetError(said);
        try
        {
            Assert.Equal(1, await KestrelHost.RunAsync(() => Build(app.Urls.First())));
        }
        finally
        {
            Console.SetError(original);
        }

        Assert.Contains("address already in use. Choose a free port in the setting that names this address, such as --urls http://127.0.0.1:<port>", said.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said.ToString(), StringComparison.Ordinal);
    }

    private static WebApplication Build(string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        var app = builder.Build();
        app.MapRoutes(
            [
                new("getFile", "GET", "/files/{path+}", Access.Anyone, request => Task.FromResult(Text(request.PathParameter("path")))),
                new("getTeam", "GET", "/teams/{id}", Access.Anyone, request => Task.FromResult(Text($"id {request.PathParameter("id")}"))),
            ],
            (_, _) => throw new ProblemException(401, "not_signed_in", "Nobody may call."));
        return app;
    }

    private static ApiResponse Text(string text) => new(200) { ContentType = "application/json", Body = System.Text.Encoding.UTF8.GetBytes($"\"{text}\"") };
}
