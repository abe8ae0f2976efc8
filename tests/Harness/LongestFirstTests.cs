using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

public sealed class LongestFirstTests
{
    [Fact]
    public void Starts_the_class_that_takes_longest_first()
    {
        var factory = new CollectionPerClassTestCollectionFactory(new TestAssembly(Reflector.Wrap(typeof(LongestFirst).Assembly)), new Xunit.Sdk.NullMessageSink());
        ITestCollection[] collections = [.. new[] { typeof(AddedFunctionTests), typeof(LongestFirstTests), typeof(VentureTests) }.Select(type => factory.Get(Reflector.Wrap(type)))];

        var ordered = new LongestFirst().OrderTestCollections(collections);

        Assert.Equal(["VentureTests", "AddedFunctionTests", "LongestFirstTests"], ordered.Select(collection => collection.DisplayName.Split('.')[^1]));
    }
}
