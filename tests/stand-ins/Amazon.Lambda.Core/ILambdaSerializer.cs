using System.IO;

namespace Amazon.Lambda.Core;

/// <summary>Turns events into objects and answers into bytes.</summary>
public interface ILambdaSerializer
{
    T Deserialize<T>(Stream requestStream);

    void Serialize<T>(T response, Stream responseStream);
}
