using System;

namespace Amazon.Lambda.Core;

/// <summary>Names the serializer of a method or an assembly of the class-library model.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Assembly, AllowMultiple = false)]
public sealed class LambdaSerializerAttribute(Type serializerType) : Attribute
{
    public Type SerializerType { get; set; } = serializerType;
}
